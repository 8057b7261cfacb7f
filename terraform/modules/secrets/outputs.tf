output "session_keys_arn" {
  description = "ARN of the secret with the session keys (JSON: next, current, previous)."
  value       = aws_secretsmanager_secret.session.arn

  # Tasks can't start before it has a value.
  depends_on = [aws_secretsmanager_secret_rotation.session]
}
