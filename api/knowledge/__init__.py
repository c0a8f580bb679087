"""Reading the knowledge over HTTP: topics, search, helplines, kommuner."""
