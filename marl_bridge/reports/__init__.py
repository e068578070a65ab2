"""What `check` found: the record, its words, its table, its picture and its page."""
