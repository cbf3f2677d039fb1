# All that can be decided without a cloud: nothing here needs a provider.

terraform {
  required_version = ">= 1.6"
}

locals {
  family = split(".", var.instance_type)[0]

  # What AWS offers with NVIDIA GPUs, and the processor that goes with them.
  families = {
    p2        = "amd64", p3 = "amd64", p3dn = "amd64", p4d = "amd64", p4de = "amd64"
    p5        = "amd64", p5e = "amd64", p5en = "amd64", p6-b200 = "amd64"
    g3        = "amd64", g3s = "amd64", g4dn = "amd64", g5 = "amd64", g6 = "amd64", g6e = "amd64", gr6 = "amd64"
    g5g       = "arm64"
    p6e-gb200 = "arm64"
  }
  architecture = lookup(local.families, local.family, null)

  # Who makes the image of a release, and how it is called.
  images = {
    "ubuntu-20.04" = { owner = "099720109477", name = "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-${local.architecture}-server-*" }
    "ubuntu-22.04" = { owner = "099720109477", name = "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-${local.architecture}-server-*" }
    "ubuntu-24.04" = { owner = "099720109477", name = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${local.architecture}-server-*" }
    "debian-12"    = { owner = "136693071363", name = "debian-12-${local.architecture}-*" }
    "debian-13"    = { owner = "136693071363", name = "debian-13-${local.architecture}-*" }
  }

  # The user of the image, who may use Docker.
  user = startswith(var.release, "debian") ? "admin" : "ubuntu"

  flags = concat(
    ["--yes", "--profile", var.profile, "--user", local.user],
    flatten([for key in var.accept_keys : ["--accept-key", key]]),
  )

  user_data = templatefile("${path.module}/user-data.sh.tftpl", {
    url    = var.package_url
    sha256 = var.package_sha256
    flags  = join(" ", local.flags)
  })
}
