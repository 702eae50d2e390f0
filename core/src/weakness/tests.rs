use super::*;

#[test]
fn the_classes_of_this_program_are_right() {
    let classes = Classes::read(BUILTIN, None).unwrap_or_else(|error| panic!("{error}"));

    assert!(classes.all().len() >= 48);
}
