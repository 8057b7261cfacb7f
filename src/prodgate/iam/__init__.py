"""What principals can and cannot do: IAM's decisions, evaluated and proven without asking AWS."""
