//! The choice of a path. One test, as it changes the environment of its process.

use zkp_kernels::{detect, Path};

#[test]
fn the_environment_names_a_path() {
    std::env::remove_var("ZKP_NB_KERNELS");
    let best = Path::available()[0].name();
    assert_eq!(detect().name(), best);
    for path in Path::available() {
        std::env::set_var("ZKP_NB_KERNELS", path.name());
        assert_eq!(detect().name(), path.name());
    }
    std::env::set_var("ZKP_NB_KERNELS", "no such path");
    assert_eq!(detect().name(), best);
    assert_eq!(Path::available().last().map(|p| p.name()), Some("portable"));
}
