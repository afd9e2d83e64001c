package rill;

/**
 * What a Future that Rill has made is for, in messages. A Promise holds it where others have the action that stops their work, and an Offer's consumer
 * of unwanted values may be one. It is asked only for a message.
 */
interface Purpose {
    /** Such as "receive of connection to localhost:80". */
    String purpose();

    /** The purpose of a Promise that is made for one of several users. */
    record Of(String what, Object subject) implements Purpose {
        @Override
        public String purpose() {
            return what + subject;
        }
    }

    /** The end of something, which may be far away: waiting for it is legitimate. */
    record End(Object of) implements Purpose, Offer.OpenEnded {
        @Override
        public String purpose() {
            return "the end of " + of;
        }
    }
}
