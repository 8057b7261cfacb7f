output "vpc_id" {
  description = "Id of the network."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Ids of the subnets of the NAT gateways, in the order of the zones."
  value       = [for zone in var.availability_zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "Ids of the subnets of load balancer, tasks, functions and Airflow, in the order of the zones."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]

  # Whoever starts there needs its ways out, and every wall that stands around it.
  depends_on = [
    aws_network_acl_rule.this,
    aws_route.nat,
    aws_route_table_association.private,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.s3,
  ]
}

output "database_subnet_ids" {
  description = "Ids of the subnets of the database, in the order of the zones."
  value       = [for zone in var.availability_zones : aws_subnet.database[zone].id]
}

output "security_group_ids" {
  description = "Ids of the security groups, by component: alb, api, frontend, database, mwaa, endpoints, verifier, rotation."
  value       = { for component, group in aws_security_group.this : component => group.id }

  depends_on = [
    aws_vpc_security_group_egress_rule.connection,
    aws_vpc_security_group_egress_rule.mwaa_sources,
    aws_vpc_security_group_egress_rule.s3,
    aws_vpc_security_group_ingress_rule.cloudfront,
    aws_vpc_security_group_ingress_rule.connection,
  ]
}
