"""What the words of AWS, Airflow and Terraform mean: metrics, patterns, documents, schedules, versions. Pure."""
