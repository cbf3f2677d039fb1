output "user_data" {
  description = "What the machine runs at its first start."
  value       = local.user_data
}

output "architecture" {
  description = "The processor: amd64 or arm64."
  value       = local.architecture
}

output "image" {
  description = "Who makes the image, and the pattern of its name."
  value       = local.images[var.release]
}

output "openings" {
  description = "What the security group lets in: one port, TCP and UDP, from each network."
  value = [
    for pair in setproduct(["tcp", "udp"], var.browsers) : { protocol = pair[0], port = 8080, network = pair[1] }
  ]
}
