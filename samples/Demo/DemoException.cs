namespace Demo;

// A process did not start, or a message did not arrive.
sealed class DemoException(string message) : Exception(message);
