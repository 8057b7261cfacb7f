"""The meaning of terms of AWS, Airflow and Terraform: metrics, patterns, documents, schedules, versions. Pure."""
