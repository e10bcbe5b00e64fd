namespace MassTransit.Sidekiq;

// How the clocks show the time of a run on its day.
internal enum ShownTime
{
    Once,

    // The first of two, before they go back.
    First,

    // The second of two, after they have gone back.
    Second,

    // The time of the expression is skipped that day: the run is where the clocks go on.
    Skipped,
}
