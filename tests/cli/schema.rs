//! `j2v schema`: the schema for editors, and the key that names it.

use crate::support::World;

#[test]
fn it_prints_the_schema_that_the_library_has() {
    let run = World::at("http://127.0.0.1:1/v2").j2v("schema").exits(0);
    let printed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(printed, j2v::movie::schema::schema());
    assert!(run.lines().len() > 100, "it is for people to read, too");
    assert!(jsonschema::draft202012::meta::is_valid(&printed));
}

#[test]
fn the_key_that_names_a_schema_is_no_fault_and_is_never_sent() {
    let world = World::new();
    world.write("a.json", r#"{"$schema": "./movie.schema.json", "resolution": "sd", "scenes": [{"duration": 2}]}"#);
    world.j2v("check a.json --deny warnings").exits(0).prints(&[]);
    let sent = world.j2v("submit a.json --no-token --dry-run").exits(0);
    assert!(sent.stdout.ends_with("\n\n{\"resolution\":\"sd\",\"scenes\":[{\"duration\":2}]}\n"), "{sent:?}");
}
