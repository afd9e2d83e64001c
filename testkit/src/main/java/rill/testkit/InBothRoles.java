package rill.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A test that is run twice: its client is first the end that connects, and then the end that was accepted. In the second run the ends returned by
 * {@link Rig#connect()} are exchanged.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface InBothRoles {}
