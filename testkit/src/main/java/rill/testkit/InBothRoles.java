package rill.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A test that is run twice: the end that it calls the client is the one that connects, and then the one that was accepted. What comes
 * from {@link Rig#connect()} is exchanged for that.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface InBothRoles {}
