use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;

use crate::process::{PATIENCE, musterd};

#[test]
fn the_demo_shows_ranked_findings_of_all_four_sources_and_stops_when_told() {
    let mut child = musterd(&["demo", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let (tell, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });

    // A row of the table: band, score, severity, id, account, Region, sources, title.
    let mut sources = String::new();
    let mut scores = Vec::new();
    while !["SH", "GD", "AA"].iter().all(|source| sources.contains(source)) {
        let line = lines.recv_timeout(PATIENCE).expect("the demo goes on");
        if line.starts_with("  BAND") {
            scores.clear();
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [band, score, _, _, account, _, from, ..] = words.as_slice()
            && band.len() == 2
            && account.len() == 12
        {
            scores.push(score.parse::<u32>().unwrap());
            sources.push_str(from);
        }
    }
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");

    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}
