//! Programs that know the answer.

use std::process::Command;

/// What the program prints; `None`, with a line that says so, where it is not installed.
pub fn ask(program: &str, args: &[String]) -> Option<String> {
    // 127: `timeout` found no such program.
    let output = Command::new("timeout").arg("10").arg(program).args(args).output().ok();
    match output.filter(|output| output.status.code() != Some(127)) {
        Some(output) => Some(String::from_utf8(output.stdout).expect("it prints text")),
        None => {
            eprintln!("SKIPPED {program} is not installed");
            None
        }
    }
}

/// Numbers that are the same in each run (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(bound)) as u32
    }

    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u32) as usize]
    }
}
