import t from 'tap';
import { listenFaultOf } from '../../../src/commands/listen-fault.ts';

t.test('what a person can mend is told apart, whatever the system calls it', (t) => {
  const faultOf = (code: string) => listenFaultOf(Object.assign(new Error(code), { code }));
  t.equal(faultOf('EADDRINUSE'), 'taken');
  for (const code of ['EADDRNOTAVAIL', 'ENOTFOUND']) t.equal(faultOf(code), 'elsewhere', code);
  for (const code of ['EACCES', 'EPERM']) t.equal(faultOf(code), 'forbidden', code);
  t.equal(faultOf('EMFILE'), undefined);
  t.equal(listenFaultOf(new Error('no code')), undefined);
  t.end();
});
