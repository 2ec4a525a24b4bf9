"""What a trained model is, and how it is loaded."""
