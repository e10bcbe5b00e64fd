namespace Demo;

// Something did not start or did not arrive.
sealed class DemoException(string message) : Exception(message);
