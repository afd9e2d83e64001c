package rill.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The sentence of the contract that a test holds a transport to. A failure quotes it. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Holds {
    /** The type of {@code rill.spi} in whose Javadoc the sentence stands. */
    Class<?> in();

    /** The sentence, or the part of it that matters; word for word. */
    String value();
}
