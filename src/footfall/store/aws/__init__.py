"""Facts and roll-ups in DynamoDB and S3, for functions that share nothing else."""
