variable "instance_type" {
  description = "The kind of machine, as g5.xlarge."
  type        = string
  default     = "g5.xlarge"

  validation {
    condition     = can(regex("^(p2|p3|p3dn|p4d|p4de|p5|p5e|p5en|p6-b200|p6e-gb200|g3|g3s|g4dn|g5|g5g|g6|g6e|gr6)\\.[0-9a-z-]+$", var.instance_type))
    error_message = "The instance type must be one with an NVIDIA GPU, as g4dn.xlarge, g5.xlarge, g6.xlarge or p5.48xlarge."
  }
}

variable "release" {
  description = "The release that runs on it: ubuntu-20.04, ubuntu-22.04, ubuntu-24.04, debian-12 or debian-13."
  type        = string
  default     = "ubuntu-24.04"

  validation {
    condition     = contains(["ubuntu-20.04", "ubuntu-22.04", "ubuntu-24.04", "debian-12", "debian-13"], var.release)
    error_message = "The release must be ubuntu-20.04, ubuntu-22.04, ubuntu-24.04, debian-12 or debian-13."
  }
}

variable "profile" {
  description = "Which versions, and how much: seed, recommended or minimal."
  type        = string
  default     = "recommended"

  validation {
    condition     = contains(["seed", "recommended", "minimal"], var.profile)
    error_message = "The profile must be seed, recommended or minimal."
  }
}

variable "package_url" {
  description = "Where the package of cosmos-setup is fetched from."
  type        = string

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~/+%-]+\\.deb$", var.package_url))
    error_message = "The address of the package must begin with https:// and end with .deb, without spaces or quotes."
  }
}

variable "package_sha256" {
  description = "The SHA-256 of the package: one that has another is not installed."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.package_sha256))
    error_message = "The SHA-256 must be 64 hexadecimal digits, in lower case."
  }
}

variable "accept_keys" {
  description = "Fingerprints of further keys that may sign repositories, for mirrors that sign anew."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for key in var.accept_keys : can(regex("^[0-9A-F]{40}$", key))])
    error_message = "Each fingerprint must be 40 hexadecimal digits, in upper case."
  }
}

variable "browsers" {
  description = "From where browsers may come, as networks: [\"203.0.113.7/32\"]."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for network in var.browsers : can(cidrhost(network, 0))])
    error_message = "Each network must be written as 203.0.113.0/24."
  }
}
