"""Reading an AWS account: read-only calls, each answer kept, and only what was truly answered counts."""
