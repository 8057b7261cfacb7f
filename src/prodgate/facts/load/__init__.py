"""What a load test measured: facts made of the records of its runs, of which each can be made again."""
