output "instance_id" {
  description = "The machine."
  value       = aws_instance.this.id
}

output "address" {
  description = "Where browsers find desktops that run on it."
  value       = coalesce(aws_instance.this.public_ip, aws_instance.this.private_ip)
}
