# An EC2 machine: everything that is decided is decided in ../setup.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

module "setup" {
  source = "../setup"

  instance_type  = var.instance_type
  release        = var.release
  profile        = var.profile
  package_url    = var.package_url
  package_sha256 = var.package_sha256
  accept_keys    = var.accept_keys
  browsers       = var.browsers
}

data "aws_subnet" "this" {
  id = var.subnet_id
}

data "aws_ami" "this" {
  most_recent = true
  owners      = [module.setup.image.owner]

  filter {
    name   = "name"
    values = [module.setup.image.name]
  }
  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  description = "Browsers at port 8080, and all that the machine asks for itself"
  vpc_id      = data.aws_subnet.this.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "browsers" {
  for_each = { for one in module.setup.openings : "${one.protocol} ${one.network}" => one }

  security_group_id = aws_security_group.this.id
  description       = "Desktops in browsers"
  ip_protocol       = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = strcontains(each.value.network, ":") ? null : each.value.network
  cidr_ipv6         = strcontains(each.value.network, ":") ? each.value.network : null
}

resource "aws_vpc_security_group_egress_rule" "all" {
  for_each = toset(["0.0.0.0/0", "::/0"])

  security_group_id = aws_security_group.this.id
  ip_protocol       = "-1"
  cidr_ipv4         = each.value == "::/0" ? null : each.value
  cidr_ipv6         = each.value == "::/0" ? each.value : null
}

resource "aws_instance" "this" {
  ami                         = data.aws_ami.this.id
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  key_name                    = var.key_name
  associate_public_ip_address = var.public_address
  vpc_security_group_ids      = [aws_security_group.this.id]
  user_data                   = module.setup.user_data
  user_data_replace_on_change = true

  # Programs on the desktop must not reach what the machine is told: one hop, and a session.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_size = var.disk_gb
    volume_type = "gp3"
    encrypted   = true
  }

  tags = { Name = var.name }

  lifecycle {
    ignore_changes = [ami]
  }
}
