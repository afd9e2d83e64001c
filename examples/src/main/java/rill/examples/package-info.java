/** Examples, each short enough to be read at a glance. */
package rill.examples;
