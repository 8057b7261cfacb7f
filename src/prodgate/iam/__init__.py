"""IAM's decisions for principals, evaluated and proven without asking AWS."""
