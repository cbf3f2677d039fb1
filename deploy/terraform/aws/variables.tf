variable "name" {
  description = "The name of the machine and of what belongs to it."
  type        = string
  default     = "cosmos"
}

variable "subnet_id" {
  description = "The subnet in which it stands."
  type        = string
}

variable "instance_type" {
  description = "The kind of machine, as g5.xlarge."
  type        = string
  default     = "g5.xlarge"
}

variable "release" {
  description = "The release that runs on it, as ubuntu-24.04."
  type        = string
  default     = "ubuntu-24.04"
}

variable "profile" {
  description = "Which versions, and how much: seed, recommended or minimal."
  type        = string
  default     = "recommended"
}

variable "package_url" {
  description = "Where the package of cosmos-setup is fetched from."
  type        = string
}

variable "package_sha256" {
  description = "The SHA-256 of the package."
  type        = string
}

variable "accept_keys" {
  description = "Fingerprints of further keys that may sign repositories."
  type        = list(string)
  default     = []
}

variable "browsers" {
  description = "From where browsers may come, as networks: [\"203.0.113.7/32\"]."
  type        = list(string)
  default     = []
}

variable "key_name" {
  description = "The SSH key of the machine; none where null."
  type        = string
  default     = null
}

variable "public_address" {
  description = "Whether the machine has a public address."
  type        = bool
  default     = true
}

variable "disk_gb" {
  description = "The size of its disk. Driver, CUDA toolkit and an image of a desktop take about 20 GB."
  type        = number
  default     = 60
}
