//! The password file that every program for `PostgreSQL` reads
//! (<https://www.postgresql.org/docs/current/libpq-pgpass.html>).

use std::fs;
use std::path::{Path, PathBuf};

use super::{Environment, SettingsError, stored};
use crate::ledger::postgres::{Address, Target};

/// The permission bits that the file must not have: other users must have no access to it.
const FORBIDDEN: u32 = 0o077;

/// The file's path.
pub(super) fn path(environment: &Environment<'_>) -> Option<PathBuf> {
    let named = environment("PGPASSFILE").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(environment("HOME")?).join(".pgpass")))
}

/// The password in the file for an address.
///
/// # Errors
/// When the file has a password for the address and other users can read the file.
pub(super) fn password(path: &Path, address: &Address) -> Result<Option<String>, SettingsError> {
    let target = address.target();
    let text = fs::read_to_string(path).unwrap_or_default();
    let found = text.lines().find_map(|line| entry(line, &target));
    match stored::exposed(path, FORBIDDEN) {
        Some(_) if found.is_some() => Err(SettingsError::ExposedPasswords(path.to_owned())),
        _ => Ok(found),
    }
}

/// The password of a line that matches this target: `host:port:database:user:password`, `*` for any.
fn entry(line: &str, target: &Target) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line;
    for wanted in [&target.host, &target.port, &target.database, &target.user] {
        let (field, after) = field(rest)?;
        if field != "*" && field != *wanted {
            return None;
        }
        rest = after;
    }
    Some(field(&format!("{rest}:"))?.0)
}

/// The text up to the next colon without a backslash before it, and the rest.
fn field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            ':' => return Some((field, &text[place + 1..])),
            '\\' => field.extend(characters.next().map(|(_, escaped)| escaped)),
            other => field.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Address::parse("postgres://me@db.example:5433/renders?sslmode=verify-full").unwrap().target()
    }

    #[test]
    fn a_line_is_about_whom_it_names() {
        for (line, password) in [
            ("db.example:5433:renders:me:secret", Some("secret")),
            ("*:*:*:me:secret", Some("secret")),
            (r"db.example:5433:renders:me:a\:b\\c", Some(r"a:b\c")),
            ("db.example:5433:renders:me:", Some("")),
            ("db.example:5432:renders:me:secret", None),
            ("other:5433:renders:me:secret", None),
            ("#*:*:*:*:secret", None),
            ("db.example:5433", None),
            ("", None),
        ] {
            assert_eq!(entry(line, &target()).as_deref(), password, "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused_only_where_it_has_what_is_wanted() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join(".pgpass");
        fs::write(&file, "db.example:*:*:me:secret\n").unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        assert_eq!(path(&|name| (name == "HOME").then(|| home.clone())), Some(file.clone()));
        let (mine, other) = (Address::parse("postgres://me@db.example/r").unwrap(), Address::parse("postgres://me@db2.example/r").unwrap());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = password(&file, &mine).unwrap_err().to_string();
        assert!(refused.contains("chmod 600") && !refused.contains("secret"), "{refused}");
        assert_eq!(password(&file, &other).unwrap(), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(password(&file, &mine).unwrap().as_deref(), Some("secret"));
        assert_eq!(password(&folder.path().join("none"), &mine).unwrap(), None);
    }
}
