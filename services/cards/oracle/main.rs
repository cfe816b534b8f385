//! The least deadwood of each hand on standard input, a line each: four groups of ranks, clubs first, as `A23.456.789.T`.
use std::io::{stdin, stdout, BufRead, BufWriter, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let hand: gin_rummy::Hand = line?.parse()?;
        writeln!(out, "{}", gin_rummy::deadwood(hand))?;
    }
    Ok(())
}
