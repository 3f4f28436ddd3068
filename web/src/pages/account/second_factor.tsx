// Turning the second factor (one-time codes, RFC 6238) on and off.

import { useState } from 'react';

import { useApi } from '../../api/access';
import { answer } from '../../api/client';
import type { Schemas } from '../../api/types';
import { Alert } from '../../components/alert';
import { CopyButton } from '../../components/copy_button';
import { Field, Form, Submit } from '../../components/form';
import { QrCode } from '../../components/qr_code';
import { useSession, useUser } from '../../session';

type Secret = Schemas['TotpSecret'];

type Step =
  | { name: 'idle' }
  | { name: 'password' }
  | { name: 'scan'; secret: Secret }
  | { name: 'saved'; codes: string[] }
  | { name: 'off' };

function Password({ onSecret, onCancel }: { onSecret(secret: Secret): void; onCancel(): void }) {
  const api = useApi();
  const begin = async (values: Schemas['Confirmation']) => onSecret(await answer(api.POST('/v1/session/totp', { body: values })));
  return (
    <Form onSubmit={begin} fields={['password']}>
      <Field name="password" label="Password" type="password" autoComplete="current-password" autoFocus hint="To be sure that it is you." />
      <div className="buttons"><Submit>Continue</Submit><button type="button" className="button-plain" onClick={onCancel}>Cancel</button></div>
    </Form>
  );
}

function Scan({ secret, onCodes, onCancel }: { secret: Secret; onCodes(codes: string[]): void; onCancel(): void }) {
  const api = useApi();
  const finish = async (values: Schemas['TotpCode']) => {
    const { recovery_codes } = await answer(api.PUT('/v1/session/totp', { body: values }));
    onCodes(recovery_codes);
  };
  return (
    <>
      <p>Scan this with your authenticator app, or give it the text below.</p>
      <QrCode text={secret.uri} label="QR code with the secret of the second factor" />
      <p className="secret"><code>{secret.secret.replace(/(.{4})(?=.)/g, '$1 ')}</code> <CopyButton text={secret.secret} label="Copy" /></p>
      <Form onSubmit={finish} fields={['code']}>
        <Field name="code" label="Code" inputMode="numeric" autoComplete="one-time-code" autoFocus hint="The six digits that the app shows now." />
        <div className="buttons"><Submit>Turn on</Submit><button type="button" className="button-plain" onClick={onCancel}>Cancel</button></div>
      </Form>
    </>
  );
}

function RecoveryCodes({ codes, onSaved }: { codes: string[]; onSaved(): void }) {
  return (
    <>
      <Alert kind="notice">The second factor is on. Save these recovery codes now: they are not shown again.</Alert>
      <p>Each lets you sign in once, when you have no app at hand.</p>
      <ul className="codes">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
      <div className="buttons">
        <button type="button" className="button" onClick={onSaved}>I have saved them</button>
        <CopyButton text={codes.join('\n')} label="Copy all" />
      </div>
    </>
  );
}

function TurnOff({ onOff, onCancel }: { onOff(): void; onCancel(): void }) {
  const api = useApi();
  const end = async (values: Schemas['ConfirmationWithCode']) => {
    await api.DELETE('/v1/session/totp', { body: values });
    onOff();
  };
  return (
    <Form onSubmit={end} fields={['password', 'code']}>
      <Field name="password" label="Password" type="password" autoComplete="current-password" autoFocus />
      <Field name="code" label="Code" autoComplete="one-time-code" hint="From your app, or a recovery code." />
      <div className="buttons"><Submit>Turn off</Submit><button type="button" className="button-plain" onClick={onCancel}>Cancel</button></div>
    </Form>
  );
}

export function SecondFactor() {
  const { totp } = useUser();
  const { refresh } = useSession();
  const [step, setStep] = useState<Step>({ name: 'idle' });
  const idle = () => setStep({ name: 'idle' });
  const changed = (next: Step) => {
    setStep(next);
    void refresh();
  };
  return (
    <section className="panel" aria-labelledby="second-factor">
      <h2 id="second-factor">Second factor <span className={totp ? 'badge badge-good' : 'badge badge-off'}>{totp ? 'On' : 'Off'}</span></h2>
      {step.name === 'idle' && (
        <>
          <p>{totp ? 'Signing in needs your password and a code.' : 'A code of an authenticator app, besides the password, keeps others out who learn the password.'}</p>
          <button type="button" className={totp ? 'button button-second' : 'button'} onClick={() => setStep(totp ? { name: 'off' } : { name: 'password' })}>
            {totp ? 'Turn off' : 'Turn on'}
          </button>
        </>
      )}
      {step.name === 'password' && <Password onSecret={(secret) => setStep({ name: 'scan', secret })} onCancel={idle} />}
      {step.name === 'scan' && <Scan secret={step.secret} onCodes={(codes) => changed({ name: 'saved', codes })} onCancel={idle} />}
      {step.name === 'saved' && <RecoveryCodes codes={step.codes} onSaved={idle} />}
      {step.name === 'off' && <TurnOff onOff={() => changed({ name: 'idle' })} onCancel={idle} />}
    </section>
  );
}
