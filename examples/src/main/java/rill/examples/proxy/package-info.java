/** Behind proxies and in front of them: what docs/proxies.md shows. */
@NullMarked
package rill.examples.proxy;

import org.jspecify.annotations.NullMarked;
