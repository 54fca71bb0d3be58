//! Which service is asked, with which key, for how many credits, and how fast.

use std::path::PathBuf;
use std::time::Duration;

use j2v::world::World;

/// The credits that are spent at most where nothing else is said.
const CREDITS: u64 = 10;

/// How the questions are asked.
pub(crate) struct Settings {
    /// The API; `None` for the service's own.
    pub(crate) api: Option<String>,
    /// The key.
    pub(crate) key: String,
    /// The credits that may be spent.
    pub(crate) credits: u64,
    /// Where callbacks are received, and the URL that leads there.
    pub(crate) callbacks: Option<(String, String)>,
    /// Where the report and the traffic go.
    pub(crate) folder: PathBuf,
    /// Distinguishes this run's movies from those of others, which the service may have cached.
    pub(crate) run: String,
    /// The time between two looks.
    pub(crate) pace: Duration,
    /// How long a render, its place on the list, and a callback are waited for.
    pub(crate) patience: Duration,
    /// Within what time j2v takes an accepted render to be listed (`src/render/schedule.rs`).
    pub(crate) listed_within: Duration,
    /// The sizes of the bodies that are sent to be refused, in bytes.
    pub(crate) bodies: Vec<usize>,
}

impl Settings {
    /// The settings for the service, from the environment.
    ///
    /// # Errors
    /// With what to set.
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings than the environment's")]
    pub(crate) fn of_the_service() -> Result<Self, String> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let key = set("J2V_LIVE_KEY").ok_or("set J2V_LIVE_KEY to the key of the account that pays")?;
        let credits = set("J2V_LIVE_CREDITS")
            .map_or(Ok(CREDITS), |text| text.parse().map_err(|_| format!("J2V_LIVE_CREDITS: `{text}` is not a number")))?;
        let bind = || set("J2V_LIVE_BIND").unwrap_or_else(|| "127.0.0.1:8027".to_owned());
        let run = World::real().now().0.to_string();
        let folder =
            set("J2V_LIVE_FOLDER").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("live-{run}")), PathBuf::from);
        Ok(Self {
            api: None,
            key,
            credits,
            callbacks: set("J2V_LIVE_PUBLIC_URL").map(|url| (bind(), url.trim_end_matches('/').to_owned())),
            folder,
            run,
            // The service asks not to be polled faster (`service.md#status`).
            pace: Duration::from_secs(5),
            patience: Duration::from_secs(600),
            listed_within: Duration::from_secs(60),
            bodies: [1, 5, 6, 10, 20].map(|megabytes| (megabytes << 20) + 1).to_vec(),
        })
    }
}

#[test]
fn the_environment_says_the_key_the_credits_and_where_callbacks_come_in() {
    let read = |known: &[(&str, &str)]| {
        let known: Vec<(String, String)> = known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::read(move |wanted| known.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()))
    };
    assert!(read(&[]).is_err_and(|why| why.contains("J2V_LIVE_KEY")));
    assert!(read(&[("J2V_LIVE_KEY", "")]).is_err());
    assert!(read(&[("J2V_LIVE_KEY", "k"), ("J2V_LIVE_CREDITS", "many")]).is_err_and(|why| why.contains("`many` is not a number")));
    let usual = read(&[("J2V_LIVE_KEY", "k")]).unwrap();
    assert_eq!((usual.credits, usual.callbacks, usual.api), (10, None, None));
    assert!(usual.pace >= Duration::from_secs(5), "the service asks not to be polled faster");
    let all =
        [("J2V_LIVE_KEY", "k"), ("J2V_LIVE_CREDITS", "4"), ("J2V_LIVE_PUBLIC_URL", "https://a.example/x/"), ("J2V_LIVE_BIND", "[::1]:1")];
    let all = read(&all).unwrap();
    assert_eq!((all.credits, all.callbacks), (4, Some(("[::1]:1".to_owned(), "https://a.example/x".to_owned()))));
}
