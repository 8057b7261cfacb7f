"""What watches an account: alarms, where they lead, and the metrics that they rest on."""
