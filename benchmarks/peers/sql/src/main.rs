//! Proof of SQL on a processor: `peer-sql FILE.csv STATEMENT`, where STATEMENT is "sum" or "filter".
//! Prints one JSON object with times in seconds.

use proof_of_sql::base::database::{
    owned_table_utility::{bigint, owned_table},
    ColumnRef, ColumnType, LiteralValue, OwnedTableTestAccessor, TableRef, TestAccessor,
};
use proof_of_sql::proof_primitive::dory::{
    DynamicDoryEvaluationProof, ProverSetup, PublicParameters, VerifierSetup,
};
use proof_of_sql::sql::proof::VerifiableQueryResult;
use proof_of_sql::sql::proof_exprs::{AliasedDynProofExpr, DynProofExpr};
use proof_of_sql::sql::proof_plans::DynProofPlan;
use std::time::Instant;

type Proof = DynamicDoryEvaluationProof;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&arguments[1]).expect("a file of rows");
    let (ages, prices): (Vec<i64>, Vec<i64>) = text
        .lines()
        .map(|line| line.split_once(',').expect("two cells"))
        .map(|(age, price)| (age.parse::<i64>().expect("a number"), price.parse::<i64>().expect("a number")))
        .unzip();
    let rows = ages.len();

    let begun = Instant::now();
    // A commitment to 2^(2 nu) cells needs parameters of nu.
    let nu = (usize::BITS - (rows - 1).leading_zeros()).div_ceil(2) as usize + 1;
    let parameters = PublicParameters::rand(nu, &mut rand::rngs::OsRng);
    let (prover, verifier) = (ProverSetup::from(&parameters), VerifierSetup::from(&parameters));
    let setup = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let name = TableRef::new("peer", "loans");
    let mut tables = OwnedTableTestAccessor::<Proof>::new_empty_with_setup(&prover);
    tables.add_table(name.clone(), owned_table([bigint("age", ages), bigint("price", prices)]), 0);
    // The accessor commits when it is asked; the verifier asks again, which is taken off its time below.
    let commit_begun = begun.elapsed().as_secs_f64();

    let column = |cells: &str| DynProofExpr::new_column(ColumnRef::new(name.clone(), cells.into(), ColumnType::BigInt));
    let below = DynProofExpr::try_new_inequality(
        column("age"),
        DynProofExpr::new_literal(LiteralValue::BigInt(if arguments[2] == "filter" { 18 } else { 0 })),
        true,
    )
    .expect("a comparison");
    let plan = DynProofPlan::try_new_aggregate(
        vec![],
        vec![AliasedDynProofExpr { expr: column("price"), alias: "total".into() }],
        "rows".into(),
        DynProofPlan::new_table(name.clone(), vec![
            proof_of_sql::base::database::ColumnField::new("age".into(), ColumnType::BigInt),
            proof_of_sql::base::database::ColumnField::new("price".into(), ColumnType::BigInt),
        ]),
        DynProofExpr::try_new_not(below).expect("a negation"),
    )
    .expect("a plan");

    let begun = Instant::now();
    let proven = VerifiableQueryResult::<Proof>::new(&plan, &tables, &&prover, &[]).expect("a proof");
    let prove = begun.elapsed().as_secs_f64();
    let bytes = bincode::serde::encode_to_vec(&proven, bincode::config::standard()).expect("bytes").len();

    let begun = Instant::now();
    let result = proven.verify(&plan, &tables, &&verifier, &[]).expect("it verifies");
    let verify_and_commit = begun.elapsed().as_secs_f64();
    eprintln!("{:?}", result.table);

    println!(
        "{{\"rows\": {rows}, \"setup\": {setup}, \"read\": {commit_begun}, \"prove\": {prove}, \
         \"verify_and_commit\": {verify_and_commit}, \"bytes\": {bytes}}}"
    );
}
