variables {
  package_url    = "https://example.org/cosmos_0.1.0_amd64.deb"
  package_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}

run "defaults" {
  assert {
    condition     = output.architecture == "amd64" && strcontains(output.image.name, "noble-24.04-amd64")
    error_message = "A g5.xlarge runs Ubuntu 24.04 for amd64."
  }
  assert {
    condition     = strcontains(output.user_data, "exec cosmos-setup apply --yes --profile recommended --user ubuntu\n")
    error_message = "The machine must set itself up: ${output.user_data}"
  }
  assert {
    condition     = strcontains(output.user_data, "SHA256:${var.package_sha256}") && strcontains(output.user_data, "sha256sum --check")
    error_message = "The package must be looked at before it is installed."
  }
  assert {
    condition     = length(output.openings) == 0
    error_message = "Nobody may come in unless it is said who."
  }
}

run "arm_and_debian" {
  variables {
    instance_type = "g5g.xlarge"
    release       = "debian-12"
    profile       = "minimal"
    accept_keys   = ["02182E60104FCDC26EAE1B8597A5D4CB8793F200"]
    browsers      = ["203.0.113.7/32", "2001:db8::/48"]
  }
  assert {
    condition     = output.architecture == "arm64" && output.image.name == "debian-12-arm64-*"
    error_message = "A g5g has an ARM processor."
  }
  assert {
    condition     = strcontains(output.user_data, "--profile minimal --user admin --accept-key 02182E60104FCDC26EAE1B8597A5D4CB8793F200")
    error_message = "Flags are handed on."
  }
  assert {
    condition     = length(output.openings) == 4 && alltrue([for one in output.openings : one.port == 8080])
    error_message = "One port, TCP and UDP, from both networks."
  }
}

run "no_gpu" {
  command = plan
  variables {
    instance_type = "t3.large"
  }
  expect_failures = [var.instance_type]
}

run "amd_gpu" {
  command = plan
  variables {
    instance_type = "g4ad.xlarge"
  }
  expect_failures = [var.instance_type]
}

run "unsigned" {
  command = plan
  variables {
    package_sha256 = ""
  }
  expect_failures = [var.package_sha256]
}

run "plain_http" {
  command = plan
  variables {
    package_url = "http://example.org/x.deb"
  }
  expect_failures = [var.package_url]
}

run "quotes" {
  command = plan
  variables {
    package_url = "https://example.org/$(reboot).deb"
  }
  expect_failures = [var.package_url]
}

run "words" {
  command = plan
  variables {
    release  = "fedora-42"
    profile  = "latest"
    browsers = ["everywhere"]
  }
  expect_failures = [var.release, var.profile, var.browsers]
}
