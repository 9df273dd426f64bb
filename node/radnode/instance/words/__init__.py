"""What an object says to people and models: metadata, clinical summaries, reports and documents."""
