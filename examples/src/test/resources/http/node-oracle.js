// Reads cases, one a line: "request" or "response", a space, and bytes in hexadecimal. Says what Node's parser makes of each: "ok", "waits" for more, or
// "error: why", and after tabs each complete message.
'use strict';

const { HTTPParser } = process.binding('http_parser');
const readline = require('readline');

// In the order of llhttp, which the parser counts by.
const METHODS = ('DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND ACL REPORT '
    + 'MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE MKCALENDAR LINK UNLINK SOURCE QUERY').split(' ');

function read(kind, data) {
  const messages = [];
  const isRequest = kind === 'request';
  const parser = new HTTPParser();
  parser.initialize(isRequest ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {}, 16 * 1024);
  let head = '';
  let body = [];
  let upgraded = false;
  let interim = false;
  let done = false;
  let inMessage = false;
  let flushedUrl = '';
  parser[HTTPParser.kOnMessageBegin | 0] = () => {
    inMessage = true;
    flushedUrl = ''; // trailers bring the target of their request once more
  };
  // Long heads, and those after trailers, come by pieces.
  parser[HTTPParser.kOnHeaders | 0] = (headers, url) => { flushedUrl += url || ''; };
  parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, headers, method, url, status, reason, upgrade) => {
    body = [];
    interim = !isRequest && status >= 100 && status < 200;
    head = isRequest ? `${METHODS[method]} ${flushedUrl + (url || '')} ${minor}` : `${status} ${minor}`;
    flushedUrl = '';
    upgraded = upgraded || upgrade;
    return upgrade ? 2 : 0;
  };
  parser[HTTPParser.kOnBody | 0] = (chunk, offset, length) => {
    body.push(offset === undefined ? Buffer.from(chunk) : Buffer.from(chunk.subarray(offset, offset + length)));
  };
  parser[HTTPParser.kOnMessageComplete | 0] = () => {
    if (!done) {
      messages.push(`${head} ${Buffer.concat(body).toString('hex')}`);
    }
    inMessage = false;
    done = done || (!isRequest && !interim);
  };
  let result = parser.execute(data);
  if (!(result instanceof Error) && !isRequest && !done) {
    result = parser.finish();
  }
  const failed = result instanceof Error && result.code !== 'HPE_CLOSED_CONNECTION' && !upgraded && !done;
  return [failed ? `error: ${result.code} ${result.reason}` : inMessage && !upgraded && !done ? 'waits' : 'ok'].concat(messages);
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [kind, octets] = line.split(' ');
  console.log(read(kind, Buffer.from(octets, 'hex')).map((each) => each.replace(/[\t\n]/g, ' ')).join('\t'));
});
