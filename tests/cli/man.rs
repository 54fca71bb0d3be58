//! Manual pages: one for each command, made from its help.

use crate::support::World;

#[test]
fn there_is_a_page_for_each_command() {
    let world = World::new();
    world.j2v("man --out pages/man1").exits(0);
    for page in ["j2v", "j2v-submit", "j2v-poll", "j2v-auth", "j2v-auth-login", "j2v-config-show", "j2v-explain"] {
        let text = String::from_utf8(world.read(&format!("pages/man1/{page}.1"))).unwrap();
        assert!(text.starts_with(".ie") || text.contains(".TH"), "{page}");
    }
    for page in std::fs::read_dir(world.path("pages/man1")).unwrap() {
        let page = page.unwrap().path();
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.contains("Examples:") && text.contains("Exit codes:"), "{} ends without them", page.display());
    }
    assert!(!world.has("pages/man1/j2v-help.1"));
    assert!(world.j2v("man").exits(0).stdout.contains(".TH j2v 1"));
}

#[test]
fn a_folder_that_can_not_be_made_is_told() {
    let world = World::new();
    world.write("file", "");
    world.j2v("man --out file/man1").exits(1).tells("file/man1 can't be written");
}
