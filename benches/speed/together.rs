//! Processes that wait on one ledger: the number of their requests, compared with one process that waits for as many renders.

use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::heading;
use crate::watching::Service;

/// The number of processes, and of renders.
const PROCESSES: usize = 50;

/// The interval that each process asks for.
const INTERVAL: &str = "500ms";

/// How long the requests are counted.
const COUNTED: Duration = Duration::from_secs(15);

/// Counts the reads of one process and of fifty, per minute, while all of them wait.
pub(crate) fn fifty_processes() {
    let service = Service::start();
    let movies: Vec<String> = (0..PROCESSES).map(|number| service.movie(number)).collect();
    let submitted = service.j2v(&[vec!["submit".to_owned()], movies].concat()).stdout(Stdio::piped()).output().expect("j2v runs");
    let ids: Vec<String> = String::from_utf8_lossy(&submitted.stdout).lines().map(str::to_owned).collect();
    heading(&format!("waiting for {PROCESSES} renders, each every {INTERVAL}: requests a minute"));
    let one = requests_a_minute(&service, std::slice::from_ref(&ids));
    println!("  {:<44} {one:>9.0}", "one process for all");
    let each: Vec<Vec<String>> = ids.into_iter().map(|id| vec![id]).collect();
    let fifty = requests_a_minute(&service, &each);
    println!("  {:<44} {fifty:>9.0}      {:>6.2}", "a process for each", fifty / one);
}

fn requests_a_minute(service: &Service, groups: &[Vec<String>]) -> f64 {
    let poll = |ids: &Vec<String>| {
        let words = [vec!["poll".to_owned()], ids.clone(), ["--interval", INTERVAL].map(str::to_owned).to_vec()].concat();
        service.j2v(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("j2v runs")
    };
    let waiting: Vec<Child> = groups.iter().map(poll).collect();
    // By then all of them are waiting.
    thread::sleep(Duration::from_secs(3));
    let (begin, before) = (Instant::now(), service.reads());
    thread::sleep(COUNTED);
    let count = f64::from(u32::try_from(service.reads() - before).unwrap_or(u32::MAX));
    let minutes = begin.elapsed().as_secs_f64() / 60.0;
    for mut process in waiting {
        process.kill().expect("it can be ended");
        process.wait().expect("it ends");
    }
    count / minutes
}
