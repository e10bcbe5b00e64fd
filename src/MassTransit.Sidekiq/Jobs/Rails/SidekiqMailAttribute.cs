namespace MassTransit;

/// <summary>
/// The message is a mail that Rails delivers (<c>deliver_later</c>): the job is ActionMailer's <c>ActionMailer::MailDeliveryJob</c> of Rails 6.0
/// and later. The properties are the mailer's parameters, <c>UserMailer.with(user: …).welcome</c>; with
/// <see cref="SidekiqArgs.ActiveJobPositional" />, the arguments of its method, <c>UserMailer.welcome(user)</c>.
/// <see cref="SidekiqJobAttribute" /> beside it has the queue and the options, and names the class of a <c>delivery_job</c> of your own.
/// </summary>
/// <param name="mailer">The mailer's class: <c>UserMailer</c>.</param>
/// <param name="action">Its method: <c>welcome</c>.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface, Inherited = false)]
public sealed class SidekiqMailAttribute(string mailer, string action) : Attribute
{
    /// <summary>The mailer's class.</summary>
    public string Mailer { get; } = mailer;

    /// <summary>Its method.</summary>
    public string Action { get; } = action;
}
