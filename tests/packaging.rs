//! The files of the package managers agree with the version in `Cargo.toml` and with the archives of the release workflow.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that can't read the project's own files has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// The placeholder of each binary.
const BINARY: &str = "#!/bin/sh\necho the binary of this platform\n";

#[test]
fn every_manifest_names_archives_of_the_release_with_their_checksums() {
    let release = Release::new();
    let out = release.generate();
    let mut named = Vec::new();
    for path in files(&out).iter().filter(|path| !path.starts_with(out.join("npm"))) {
        let text = fs::read_to_string(path).unwrap();
        for url in text.split(['"', ' ', '=']).filter(|word| word.contains("/releases/download/")) {
            let archive = release.archives.iter().find(|(_, archive)| archive.url == url);
            let (target, archive) = archive.unwrap_or_else(|| panic!("{}: {url} is not in the release", path.display()));
            assert!(text.contains(&archive.sha256), "{}: the checksum of {target} is missing", path.display());
            named.push(target.as_str());
        }
    }
    for target in release.archives.keys() {
        assert!(named.contains(&target.as_str()), "no manifest names the archive of {target}");
    }
}

#[test]
fn the_npm_package_depends_on_a_package_for_each_archive_of_the_same_version() {
    let release = Release::new();
    let npm = release.generate().join("npm");
    let main = json(&npm.join("j2v/package.json"));
    let dependencies = main["optionalDependencies"].as_object().unwrap();
    assert_eq!(dependencies.len(), release.archives.len(), "{dependencies:?}");
    for (name, version) in dependencies {
        let platform = name.strip_prefix("@j2v/").unwrap();
        let package = json(&npm.join(platform).join("package.json"));
        assert_eq!((&package["name"], &package["version"], version), (&Value::from(name.as_str()), &main["version"], &main["version"]));
        assert_eq!(format!("{}-{}", package["os"][0].as_str().unwrap(), package["cpu"][0].as_str().unwrap()), platform);
        let binary = npm.join(platform).join(package["files"][0].as_str().unwrap());
        assert_eq!(fs::read_to_string(binary).unwrap(), BINARY, "{name}");
    }
    assert_eq!(main["version"], field("version"));
}

#[test]
fn scoop_and_winget_get_the_fields_that_they_demand() {
    let release = Release::new();
    let out = release.generate();
    let scoop = json(&out.join("scoop/j2v.json"));
    for required in ["version", "homepage", "license", "description", "bin"] {
        assert!(scoop[required].is_string(), "{required}: {scoop}");
    }
    for architecture in ["64bit", "arm64"] {
        let place = &scoop["architecture"][architecture];
        assert!(place["url"].as_str().unwrap().ends_with(&format!("{}.zip", place["extract_dir"].as_str().unwrap())), "{place}");
    }
    let required = [
        ("j2v.j2v.yaml", "DefaultLocale ManifestType ManifestVersion"),
        ("j2v.j2v.installer.yaml", "Installers InstallerType NestedInstallerType ManifestType ManifestVersion"),
        ("j2v.j2v.locale.en-US.yaml", "PackageLocale Publisher PackageName License ShortDescription ManifestType ManifestVersion"),
    ];
    for (file, fields) in required {
        let text = fs::read_to_string(out.join("winget").join(file)).unwrap();
        let version = format!("PackageVersion: \"{}\"", field("version"));
        assert!(text.starts_with(&format!("PackageIdentifier: j2v.j2v\n{version}\n")), "{file}: {text}");
        for field in fields.split(' ') {
            assert!(text.lines().any(|line| line.starts_with(&format!("{field}:"))), "{file} has no {field}");
        }
    }
}

#[test]
fn an_archive_that_differs_from_its_checksum_makes_no_manifest() {
    let release = Release::new();
    fs::write(release.folder.path().join(&release.archives["aarch64-apple-darwin"].name), "another one").unwrap();
    let output = release.run();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("an archive is not what SHA256SUMS says"), "{output:?}");
}

#[test]
fn an_archive_that_is_missing_is_named() {
    let release = Release::without("aarch64-apple-darwin");
    let output = release.run();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("@url:aarch64-apple-darwin@"), "{output:?}");
}

#[test]
fn every_file_of_the_debian_package_is_there_or_made_by_its_script() {
    for asset in manifest()["metadata"]["deb"]["assets"].as_array().unwrap() {
        let source = asset[0].as_str().unwrap();
        let (folder, name) = source.rsplit_once('/').unwrap_or((".", source));
        let made = source.starts_with("target/");
        assert!(made || files(&root().join(folder)).iter().any(|path| name == "*" || path.ends_with(name)), "{source}");
    }
}

/// A release as the workflow makes it, from archives that hold a few bytes each.
struct Release {
    folder: TempDir,
    archives: BTreeMap<String, Archive>,
}

struct Archive {
    name: String,
    url: String,
    sha256: String,
}

impl Release {
    fn new() -> Self {
        Self::without("no target")
    }

    fn without(missing: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let targets = targets().into_iter().filter(|target| target != missing);
        let archives: BTreeMap<String, Archive> = targets.map(|target| (target.clone(), pack(folder.path(), &target))).collect();
        let sums: String = archives.values().map(|archive| format!("{}  {}\n", archive.sha256, archive.name)).collect();
        fs::write(folder.path().join("SHA256SUMS"), sums).unwrap();
        Self { folder, archives }
    }

    fn run(&self) -> Output {
        let script = root().join("packaging/manifests.sh");
        Command::new(script).arg(self.folder.path()).arg(self.out()).output().unwrap()
    }

    fn generate(&self) -> PathBuf {
        let output = self.run();
        assert!(output.status.success(), "{output:?}");
        self.out()
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("manifests")
    }
}

/// Packs the archive of a target.
fn pack(folder: &Path, target: &str) -> Archive {
    let (url, binary) = promised(target);
    let name = url.rsplit('/').next().unwrap().to_owned();
    if Path::new(&name).extension().is_some_and(|extension| extension == "zip") {
        let mut archive = zip::ZipWriter::new(fs::File::create(folder.join(&name)).unwrap());
        archive.start_file(binary, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(BINARY.as_bytes()).unwrap();
        archive.finish().unwrap();
    } else {
        let unpacked = tempfile::tempdir().unwrap();
        let binary = unpacked.path().join(binary);
        fs::create_dir_all(binary.parent().unwrap()).unwrap();
        fs::write(binary, BINARY).unwrap();
        let packed = Command::new("tar").arg("-czf").arg(folder.join(&name)).arg("-C").arg(unpacked.path()).arg(".").status().unwrap();
        assert!(packed.success());
    }
    let sha256 = Sha256::digest(fs::read(folder.join(&name)).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    Archive { name, url, sha256 }
}

/// The URL of an archive and the path of the binary in it, as `Cargo.toml` states them for binstall.
fn promised(target: &str) -> (String, String) {
    let binstall = &manifest()["metadata"]["binstall"];
    let own = binstall["overrides"].get(target).unwrap_or(binstall);
    let suffix = if own["pkg-fmt"] == "zip" { ".zip" } else { ".tar.gz" };
    let extension = if target.contains("windows") { ".exe" } else { "" };
    let (repo, version) = (field("repository"), field("version"));
    let values = [("repo", &*repo), ("version", &*version), ("target", target), ("bin", "j2v")];
    let values = [&values[..], &[("archive-suffix", suffix), ("binary-ext", extension)]].concat();
    let filled = |template: &Value| {
        let template = template.as_str().unwrap().to_owned();
        values.iter().fold(template, |text, (name, value)| text.replace(&format!("{{ {name} }}"), value))
    };
    (filled(&binstall["pkg-url"]), filled(&binstall["bin-dir"]))
}

/// The targets of the release workflow's matrix.
fn targets() -> Vec<String> {
    let workflow = fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
    let targets: Vec<String> =
        workflow.lines().filter_map(|line| line.trim().strip_prefix("- { target: ")?.split(',').next().map(str::to_owned)).collect();
    assert!(targets.len() >= 6, "the matrix is read wrongly: {targets:?}");
    targets
}

/// The content of `Cargo.toml`.
fn manifest() -> &'static Value {
    static MANIFEST: LazyLock<Value> = LazyLock::new(|| {
        let cargo =
            Command::new(env!("CARGO")).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(root()).output();
        serde_json::from_slice::<Value>(&cargo.unwrap().stdout).unwrap()["packages"][0].take()
    });
    &MANIFEST
}

/// A field of `Cargo.toml`'s package.
fn field(name: &str) -> String {
    manifest()[name].as_str().unwrap().to_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}
