/** HTTP/1.1 for clients: {@link rill.http.client.HttpClient} is the way in. */
package rill.http.client;
