"""Work on files of histories, many merchants at once: score them, or replay the past through the whole policy."""
