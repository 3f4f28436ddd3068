import { Field } from './form';

/** A field for a password that is chosen now. */
export function NewPassword({ name, label }: { name: string; label: string }) {
  return <Field name={name} label={label} type="password" autoComplete="new-password" hint="At least 12 characters. A few unrelated words are good." />;
}
