"""What platforms, shops' software and banks send, turned into our records: a package a platform or kind of file."""
