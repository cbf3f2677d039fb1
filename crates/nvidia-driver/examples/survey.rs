//! Says what is known of this machine's driver and GPUs.

use cosmos_nvidia_driver::{Gpu, Sources};

fn main() {
    let machine = Sources::default().survey();
    println!("{}", machine.driver.agreement());
    for seen in &machine.driver.observations {
        let file = seen.file.as_deref().map(|file| format!(" ({})", file.display()));
        println!("  {} {}{}", seen.version, seen.source, file.unwrap_or_default());
    }
    println!("  module {:?}, CUDA {:?}", machine.driver.flavour, machine.cuda().map(|cuda| cuda.to_string()));
    machine.gpus.iter().for_each(describe);
    for finding in &machine.findings {
        println!("finding: {finding}");
    }
}

fn describe(gpu: &Gpu) {
    println!("{} {}", gpu.address, gpu.name.as_deref().unwrap_or("unknown"));
    println!("  {:?}, {}, {:?}", gpu.architecture(), gpu.class(), gpu.display());
    println!("  {:?}", gpu.nvenc());
    println!("  {gpu:?}");
}
