"""What makes the course's notebooks from their text, and the rules that the text keeps."""
