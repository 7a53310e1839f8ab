use std::time::Instant;
use zkp_kernels::*;
fn main(){
  let srs=zkp_engine::Srs::dev(std::path::Path::new("/tmp/eng/srs")).unwrap();
  let t=zkp_engine::Task::default();
  let g=srs.grid(1024,&t).unwrap();
  let n=1021*1024;
  for bits in [1u32,8,20,32,64] {
    let s:Vec<u64>=(0..n as u64).map(|i| i.wrapping_mul(0x9e3779b97f4a7c15)>>(64-bits)).collect();
    let a=Instant::now(); let c=msm_bases(&g.bases,0..n,Scalars::U64(&s)); let a=a.elapsed();
    let b=Instant::now(); let r=msm_rows(&g.bases,Rows{rows:1021,terms:1024,row:1,column:1021,start:0},Scalars::U64(&s)); let b=b.elapsed();
    let d=Instant::now(); let r2=msm_rows(&g.bases,Rows{rows:1024,terms:1021,row:1021,column:1,start:0},Scalars::U64(&s)); let d=d.elapsed();
    let sum:G1Projective=r.iter().sum(); assert_eq!(sum,c);
    let sum:G1Projective=r2.iter().sum(); assert_eq!(sum,c);
    println!("{bits} bits: msm {:?} depth rows {:?} lane rows {:?}",a,b,d);
  }
}
