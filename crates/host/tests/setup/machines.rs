//! Machines from the K80 to the B200, and what each gets.

use cosmos_host::setup::Profile::{self, Minimal, Recommended, Seed};

use crate::machine::{
    Machine,
    State::{self, File, Libraries, Loaded, NoSystemd, Package, SecureBoot},
};

type Gpus = &'static [(u16, bool)];
type Cloud = (&'static str, &'static str);

const fn machine(
    name: &'static str,
    release: &'static str,
    kernel: &'static str,
    gpus: Gpus,
    cloud: Cloud,
    state: &'static [State],
    profile: Profile,
) -> Machine {
    Machine { name, release, architecture: "amd64", kernel, gpus, cloud, state, profile }
}

const fn arm(machine: Machine) -> Machine {
    Machine { architecture: "arm64", ..machine }
}

const K80: Gpus = &[(0x102d, false)];
const M60: Gpus = &[(0x13f2, true)];
const P100: Gpus = &[(0x15f8, false)];
const P4: Gpus = &[(0x1bb3, false)];
const V100: Gpus = &[(0x1db1, false)];
const T4: Gpus = &[(0x1eb8, false)];
const A10G: Gpus = &[(0x2237, false)];
const A100: Gpus = &[(0x20b0, false), (0x20b0, false)];
const A6000: Gpus = &[(0x2230, true)];
const L4: Gpus = &[(0x27b8, false)];
const L40S: Gpus = &[(0x26b9, false)];
const H100: Gpus = &[(0x2330, false)];
const H200: Gpus = &[(0x2335, false)];
const GH200: Gpus = &[(0x2342, false)];
const B200: Gpus = &[(0x2901, false)];
const RTX_2080: Gpus = &[(0x1e87, true)];
const RTX_4090: Gpus = &[(0x2684, true)];
const RTX_5090: Gpus = &[(0x2b85, true)];
const GT_1030: Gpus = &[(0x1d01, true)];
const K80_T4: Gpus = &[(0x102d, false), (0x1eb8, false)];
const K80_B200: Gpus = &[(0x102d, false), (0x2901, false)];
const P4_L4: Gpus = &[(0x1bb3, false), (0x27b8, false)];
const NEWER: Gpus = &[(0x3fff, false)];
const NONE: Gpus = &[];

const AWS: Cloud = ("Amazon EC2", "g5.xlarge");
const GCP: Cloud = ("Google", "Google Compute Engine");
const OWN: Cloud = ("Supermicro", "X11");

const FOCAL: &str = "Ubuntu 20.04";
const JAMMY: &str = "Ubuntu 22.04";
const NOBLE: &str = "Ubuntu 24.04";
const BOOKWORM: &str = "Debian 12";
const TRIXIE: &str = "Debian 13";

const AWS_IMAGE: State = Package("linux-image-aws", "1");
const GENERIC_IMAGE: State = Package("linux-image-generic", "1");
const HWE_IMAGE: State = Package("linux-image-generic-hwe-22.04", "1");
const GCP_IMAGE: State = Package("linux-image-gcp", "1");
const NON_FREE: State = File(
    "etc/apt/sources.list.d/debian.sources",
    "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates\n\
     Components: main contrib non-free non-free-firmware\n",
);
const DOCKER_LIST: State = File(
    "etc/apt/sources.list.d/docker.list",
    "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/ubuntu noble stable\n",
);
const NO_NOUVEAU: State = File("etc/modprobe.d/x.conf", "blacklist nouveau\n");
const UFW: State = File("etc/ufw/ufw.conf", "ENABLED=yes\nLOGLEVEL=low\n");
const ASKED: State = File("run/reboot-required", "*** System restart required ***\n");
const ASKED_BY: State = File("run/reboot-required.pkgs", "linux-image-6.8.0-1024-aws\nlinux-base\n");

const KVM_IMAGE: State = Package("linux-image-kvm", "1");
const FOCAL_IMAGE: State = Package("linux-image-generic-hwe-20.04", "1");
const VIRTUAL_IMAGE: State = Package("linux-image-virtual", "1");
const MAIN_ONLY: State = File(
    "etc/apt/sources.list.d/ubuntu.sources",
    "Types: deb\nURIs: http://mirror.example/ubuntu\nSuites: noble noble-updates\nComponents: main\nSigned-By: \
     /usr/share/keyrings/ubuntu-archive-keyring.gpg\n",
);
const NO_LIST: State = File("etc/apt/sources.list", "");
const NEWER_KERNEL: State = File("boot/vmlinuz-6.1.0-41-cloud-amd64", "");

pub const MACHINES: [Machine; 46] = [
    machine("seed on its own machine", FOCAL, "5.15.0-1075-aws", A10G, AWS, &[AWS_IMAGE], Seed),
    machine("seed, today's release", NOBLE, "6.8.0-1021-aws", A10G, AWS, &[AWS_IMAGE], Seed),
    machine("seed where 470 does not do", JAMMY, "6.8.0-1021-aws", L4, AWS, &[AWS_IMAGE], Seed),
    machine("seed on Debian", BOOKWORM, "6.1.0-26-cloud-amd64", T4, AWS, &[], Seed),
    machine("g5", NOBLE, "6.8.0-1021-aws", A10G, AWS, &[AWS_IMAGE], Recommended),
    machine("g5, minimal", NOBLE, "6.8.0-1021-aws", A10G, AWS, &[AWS_IMAGE], Minimal),
    machine("g5 on focal", FOCAL, "5.15.0-1075-aws", A10G, AWS, &[AWS_IMAGE], Recommended),
    machine("p2, the K80", JAMMY, "6.8.0-1021-aws", K80, ("Xen", "HVM domU"), &[AWS_IMAGE], Recommended),
    machine("K80 on Debian 12", BOOKWORM, "6.1.0-26-amd64", K80, OWN, &[], Recommended),
    machine("K80 on Debian 13", TRIXIE, "6.12.48+deb13-amd64", K80, OWN, &[], Recommended),
    machine("g3, the M60", JAMMY, "6.8.0-1021-aws", M60, AWS, &[AWS_IMAGE], Recommended),
    machine("P100", JAMMY, "6.8.0-1015-gcp", P100, GCP, &[GCP_IMAGE], Recommended),
    machine("P4 on Debian 12", BOOKWORM, "6.1.0-26-cloud-amd64", P4, GCP, &[], Recommended),
    machine("p3, the V100", FOCAL, "5.15.0-1075-aws", V100, AWS, &[AWS_IMAGE], Recommended),
    machine("V100 on Debian 13", TRIXIE, "6.12.48+deb13-amd64", V100, OWN, &[], Recommended),
    machine("T4", NOBLE, "6.8.0-1015-gcp", T4, GCP, &[GCP_IMAGE], Recommended),
    machine("two A100", JAMMY, "6.8.0-1015-gcp", A100, GCP, &[GCP_IMAGE], Recommended),
    machine(
        "RTX A6000, own machine",
        JAMMY,
        "6.8.0-45-generic",
        A6000,
        OWN,
        &[GENERIC_IMAGE, HWE_IMAGE],
        Recommended,
    ),
    machine("L4 with Secure Boot", NOBLE, "6.8.0-1015-gcp", L4, GCP, &[GCP_IMAGE, SecureBoot], Recommended),
    machine(
        "L4, Debian with Secure Boot",
        BOOKWORM,
        "6.1.0-26-cloud-amd64",
        L4,
        GCP,
        &[SecureBoot],
        Recommended,
    ),
    machine("L40S", NOBLE, "6.8.0-1021-aws", L40S, AWS, &[AWS_IMAGE], Minimal),
    machine("H100 on Debian 12", BOOKWORM, "6.1.0-26-cloud-amd64", H100, OWN, &[NON_FREE], Recommended),
    machine(
        "H200, its driver by the cloud",
        NOBLE,
        "6.8.0-45-generic",
        H200,
        OWN,
        &[Loaded("580.159.04"), NO_NOUVEAU],
        Recommended,
    ),
    arm(machine("GH200", NOBLE, "6.8.0-1021-nvidia-64k", GH200, OWN, &[], Recommended)),
    arm(machine("GH200 on Debian 13", TRIXIE, "6.12.48+deb13-arm64", GH200, OWN, &[], Minimal)),
    arm(machine(
        "g5g, the T4G",
        JAMMY,
        "6.8.0-1021-aws",
        T4,
        ("Amazon EC2", "g5g.xlarge"),
        &[AWS_IMAGE],
        Recommended,
    )),
    machine("B200", NOBLE, "6.8.0-1021-aws", B200, AWS, &[AWS_IMAGE], Recommended),
    machine("B200 on focal", FOCAL, "5.15.0-1075-aws", B200, AWS, &[AWS_IMAGE], Recommended),
    machine("B200 on Debian 12", BOOKWORM, "6.1.0-26-cloud-amd64", B200, OWN, &[], Recommended),
    machine("RTX 5090 on Debian 13", TRIXIE, "6.12.48+deb13-amd64", RTX_5090, OWN, &[], Minimal),
    machine("RTX 4090, its own kernel", NOBLE, "6.11.3-custom", RTX_4090, OWN, &[], Recommended),
    machine(
        "RTX 2080 with a firewall",
        JAMMY,
        "5.15.0-119-generic",
        RTX_2080,
        OWN,
        &[GENERIC_IMAGE, UFW],
        Recommended,
    ),
    machine(
        "GT 1030 without systemd",
        BOOKWORM,
        "6.1.0-26-amd64",
        GT_1030,
        OWN,
        &[NoSystemd, Package("cron", "3"), File("etc/cron.d/.placeholder", "")],
        Recommended,
    ),
    machine("neither systemd nor cron", BOOKWORM, "6.1.0-26-amd64", GT_1030, OWN, &[NoSystemd], Minimal),
    machine("K80 beside T4", JAMMY, "5.15.0-119-generic", K80_T4, OWN, &[GENERIC_IMAGE], Recommended),
    machine("K80 beside B200", JAMMY, "5.15.0-119-generic", K80_B200, OWN, &[GENERIC_IMAGE], Recommended),
    machine("P4 beside L4", NOBLE, "6.8.0-45-generic", P4_L4, OWN, &[GENERIC_IMAGE], Minimal),
    machine("a GPU of tomorrow", NOBLE, "6.8.0-1021-aws", NEWER, AWS, &[AWS_IMAGE], Minimal),
    machine(
        "no GPU",
        NOBLE,
        "6.8.0-45-generic",
        NONE,
        OWN,
        &[DOCKER_LIST, Package("docker-ce", "5:28.3.2-1~ubuntu.24.04~noble")],
        Recommended,
    ),
    machine(
        "an old driver by hand",
        JAMMY,
        "5.15.0-119-generic",
        T4,
        OWN,
        &[Loaded("440.33.01"), GENERIC_IMAGE],
        Recommended,
    ),
    machine(
        "a reboot asked for, docker.io there",
        NOBLE,
        "6.8.0-1021-aws",
        A10G,
        AWS,
        &[AWS_IMAGE, ASKED, ASKED_BY, Package("docker.io", "27.5.1-0ubuntu3")],
        Recommended,
    ),
    machine(
        "installed, not loaded",
        NOBLE,
        "6.8.0-1021-aws",
        A10G,
        AWS,
        &[
            AWS_IMAGE,
            Libraries("570.133.20"),
            Package("nvidia-driver-570-server-open", "570.133.20-0ubuntu0.24.04.1"),
        ],
        Minimal,
    ),
    machine(
        "a virtual machine, its archive only in part",
        NOBLE,
        "6.8.0-45-generic",
        T4,
        OWN,
        &[VIRTUAL_IMAGE, NO_LIST, MAIN_ONLY],
        Recommended,
    ),
    machine("a kernel without modules", JAMMY, "5.15.0-1050-kvm", T4, OWN, &[KVM_IMAGE], Minimal),
    machine("a newer kernel waits", BOOKWORM, "6.1.0-26-cloud-amd64", T4, OWN, &[NEWER_KERNEL], Minimal),
    machine("K80 on focal", FOCAL, "5.15.0-119-generic", K80, OWN, &[FOCAL_IMAGE], Minimal),
];
