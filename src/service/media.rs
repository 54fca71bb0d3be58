//! The account's media: `/media`, `/media/file`, `/media/folder`. [`super::upload`] uploads the bytes.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::{AccountError, Call};
use super::client::Client;

/// The resource of single files.
pub(super) const FILE: &str = "media/file";

/// The resource of folders.
const FOLDER: &str = "media/folder";

/// Files per page of a folder: the service's maximum.
const PAGE: usize = 100;

/// The most pages read of one folder.
const MOST_PAGES: usize = 100;

/// The largest file, bytes.
pub const LARGEST_FILE: u64 = 524_288_000;

/// The folder whose files cost nothing. The service deletes them after a while.
pub const TEMP: &str = "temp";

/// A file of the account's media.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MediaFile {
    /// The file's name, without the folder.
    pub name: String,
    /// The file's folder; empty for the root.
    #[serde(default)]
    pub folder: String,
    /// `image`, `video`, `audio` or `other`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The size, bytes.
    #[serde(default)]
    pub size: u64,
    /// The public URL, which needs no key.
    #[serde(default)]
    pub url: String,
    /// `pending` from the registration until some seconds after the bytes are stored, then `uploaded`.
    #[serde(default)]
    pub status: String,
    /// Whether the service deletes it by itself.
    #[serde(default)]
    pub temporary: bool,
    /// The time of registration, ISO 8601.
    #[serde(default)]
    pub created_at: Option<String>,
}

impl MediaFile {
    /// Whether the bytes are certainly stored.
    #[must_use]
    pub fn is_uploaded(&self) -> bool {
        self.status == "uploaded"
    }

    /// The folder and the name as one path.
    #[must_use]
    pub fn path(&self) -> String {
        MediaPath { folder: self.folder.trim_matches('/').to_owned(), name: self.name.clone() }.to_string()
    }
}

/// The place of a file: folder and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaPath {
    /// Without a slash at either end; empty for the root.
    pub folder: String,
    /// The name.
    pub name: String,
}

impl MediaPath {
    /// Reads `folder/name`; `None` when there is no name.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let path = normal(path);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        (!name.is_empty()).then(|| Self { folder: folder.to_owned(), name: name.to_owned() })
    }

    fn to_body(&self) -> Value {
        json!({ "name": self.name, "folder": self.folder })
    }
}

impl std::fmt::Display for MediaPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.folder.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.folder, self.name) }
    }
}

/// A path as the service requires it: no slash at either end, no double slash, no space around a name.
#[must_use]
pub fn normal(path: &str) -> String {
    path.split('/').map(str::trim).filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/")
}

/// A file's name as the service stores it: each unsupported character becomes `_`.
#[must_use]
pub fn stored_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' }).collect()
}

/// A folder's name as the service stores it: unsupported characters are left out.
#[must_use]
pub fn stored_folder(name: &str) -> String {
    let is_kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-');
    normal(&name.chars().filter(is_kept).collect::<String>())
}

/// The contents of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MediaFolder {
    /// The names of its subfolders.
    pub folders: Vec<String>,
    /// Its files.
    pub files: Vec<MediaFile>,
}

/// A folder of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MediaBranch {
    /// The folder's path; `/` is the root.
    pub path: String,
    /// How many files it holds.
    #[serde(default)]
    pub files: u64,
    /// The total size of its files, bytes.
    #[serde(default)]
    pub size: u64,
}

/// The storage that the account's media use.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Storage {
    /// Bytes of files that are not temporary.
    pub used_bytes: u64,
    /// The free allowance, bytes.
    #[serde(default)]
    pub free_allowance: u64,
    /// The cost of the storage beyond the free allowance, credits per week.
    #[serde(default)]
    pub credits_per_week: f64,
    /// Whether uploads are blocked until the storage is paid for.
    #[serde(default)]
    pub blocked: bool,
}

#[derive(Deserialize)]
struct Used {
    storage: Storage,
}

#[derive(Deserialize)]
struct OneFile {
    file: MediaFile,
}

#[derive(Deserialize)]
struct Tree {
    tree: Vec<MediaBranch>,
}

#[derive(Deserialize)]
struct MediaPage {
    #[serde(default)]
    folders: Vec<String>,
    #[serde(default)]
    files: Vec<MediaFile>,
    #[serde(default)]
    total: Option<usize>,
}

#[derive(Deserialize)]
struct Changed {}

impl Client {
    /// Reads how much storage the account's media use and what it costs.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    pub async fn media_usage(&self) -> Result<Storage, AccountError> {
        Ok(self.account::<Used>(&Call::get("media", &[])).await?.storage)
    }

    /// Reads the record of one file.
    ///
    /// # Errors
    /// When there is no file at that path, or the service refuses or can't be reached.
    pub async fn media_file(&self, path: &MediaPath) -> Result<MediaFile, AccountError> {
        let path = path.to_string();
        Ok(self.account::<OneFile>(&Call::get(FILE, &[("path", &path)])).await?.file)
    }

    /// Reads all pages of a folder. With `kind`, reads only the files of that type.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    pub async fn media_folder(&self, folder: &str, kind: Option<&str>) -> Result<MediaFolder, AccountError> {
        let path = if folder.is_empty() { "/" } else { folder };
        let size = PAGE.to_string();
        let mut all = MediaFolder::default();
        for number in 0..MOST_PAGES {
            let number = number.to_string();
            let mut query = vec![("path", path), ("page", number.as_str()), ("page_size", &size)];
            query.extend(kind.map(|kind| ("type", kind)));
            let page: MediaPage = self.account(&Call::get(FOLDER, &query)).await?;
            let count = page.files.len();
            all.folders = page.folders;
            all.files.extend(page.files);
            if count < PAGE || page.total.is_some_and(|total| all.files.len() >= total) {
                break;
            }
        }
        Ok(all)
    }

    /// Reads all folders.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    pub async fn media_tree(&self) -> Result<Vec<MediaBranch>, AccountError> {
        let mut tree = self.account::<Tree>(&Call::get(FOLDER, &[("tree", "true")])).await?.tree;
        for branch in &mut tree {
            branch.path = normal(&branch.path);
        }
        tree.sort_by(|one, other| one.path.cmp(&other.path));
        tree.dedup_by(|one, other| one.path == other.path);
        Ok(tree)
    }

    /// Moves a file into another folder, once, under the same name. Check [`MediaFile::is_uploaded`] first: a file
    /// whose bytes are not certainly stored could be lost.
    ///
    /// # Errors
    /// When the file does not exist, the destination has a file of that name, or the service refuses or can't be
    /// reached. [`AccountError::Lost`] when the file may have been moved.
    pub async fn move_media(&self, path: &MediaPath, destination: &str) -> Result<(), AccountError> {
        let mut body = path.to_body();
        body["destination"] = json!(destination);
        self.account::<Changed>(&Call::once(Method::PUT, FILE, &[], body)).await.map(drop)
    }

    /// Deletes a file. A file that does not exist counts as deleted.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    pub async fn delete_media(&self, path: &MediaPath) -> Result<(), AccountError> {
        match self.account::<Changed>(&Call::change(Method::DELETE, FILE, path.to_body())).await {
            Ok(Changed {}) | Err(AccountError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes a folder and its parents. An existing folder stays.
    ///
    /// # Errors
    /// When the service refuses or can't be reached.
    pub async fn make_media_folder(&self, folder: &str) -> Result<(), AccountError> {
        self.account::<Changed>(&Call::change(Method::POST, FOLDER, json!({ "folder": folder }))).await.map(drop)
    }

    /// Deletes an empty folder.
    ///
    /// # Errors
    /// When the folder is not empty, or the service refuses or can't be reached.
    pub async fn delete_media_folder(&self, folder: &str) -> Result<(), AccountError> {
        self.account::<Changed>(&Call::change(Method::DELETE, FOLDER, json!({ "folder": folder }))).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_as_the_service_stores_them() {
        assert_eq!(stored_name("mi vídeo (final).png"), "mi_v_deo__final_.png");
        assert_eq!(stored_folder("/my films//2026.11/ "), "myfilms/202611");
        assert_eq!(MediaPath::parse("/a//b/c.png").unwrap().to_string(), "a/b/c.png");
        assert_eq!(MediaPath::parse("c.png").unwrap(), MediaPath { folder: String::new(), name: "c.png".to_owned() });
        assert_eq!(MediaPath::parse(" / "), None);
    }
}
